"""Drafts: what a script proposes of an article's text for a curator to judge, and claims to fill in. It states nothing.

Begin with `drafting`, which writes the draft of an article; `proposing` tells what is proposed about each sentence.

Imports: ontology, kg.curation, kg.checks, kg.language.
"""
