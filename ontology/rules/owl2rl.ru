# The OWL 2 RL/RDF rules (OWL 2 Profiles, section 4.3) that the ontology needs, as updates.
# The ontology stands in the default graph, facts in named graphs; what follows from the facts of a graph goes to it.
# Repeated until nothing new follows. Each update is named after its rule, the two of a UNION in its order.
# `kg.inference.rules` reads them too: patterns of triples without paths, UNION at the top, FILTER NOT EXISTS, !isLiteral.

PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>

# cax-sco: what belongs to a class belongs to the classes above it
INSERT { GRAPH ?g { ?x a ?super } }
WHERE {
  ?class rdfs:subClassOf ?super .
  FILTER NOT EXISTS { ?super a owl:Restriction }
  GRAPH ?g { ?x a ?class }
  FILTER NOT EXISTS { GRAPH ?g { ?x a ?super } }
} ;

# prp-spo1: what stands in a property stands in the properties above it
INSERT { GRAPH ?g { ?x ?super ?y } }
WHERE {
  ?property rdfs:subPropertyOf ?super .
  GRAPH ?g { ?x ?property ?y }
  FILTER NOT EXISTS { GRAPH ?g { ?x ?super ?y } }
} ;

# prp-inv1, prp-inv2: the other direction
INSERT { GRAPH ?g { ?y ?inverse ?x } }
WHERE {
  { ?property owl:inverseOf ?inverse } UNION { ?inverse owl:inverseOf ?property }
  GRAPH ?g { ?x ?property ?y }
  FILTER NOT EXISTS { GRAPH ?g { ?y ?inverse ?x } }
} ;

# prp-trp: steps of a transitive property add up
INSERT { GRAPH ?g { ?x ?property ?z } }
WHERE {
  ?property a owl:TransitiveProperty .
  GRAPH ?g { ?x ?property ?y . ?y ?property ?z }
  FILTER NOT EXISTS { GRAPH ?g { ?x ?property ?z } }
} ;

# prp-spo2: a chain of two properties makes a third
INSERT { GRAPH ?g { ?x ?property ?z } }
WHERE {
  ?property owl:propertyChainAxiom ?chain .
  ?chain rdf:first ?first ; rdf:rest ?rest .
  ?rest rdf:first ?second .
  GRAPH ?g { ?x ?first ?y . ?y ?second ?z }
  FILTER NOT EXISTS { GRAPH ?g { ?x ?property ?z } }
} ;

# prp-dom: a property's subject belongs to its domain
INSERT { GRAPH ?g { ?x a ?class } }
WHERE {
  ?property rdfs:domain ?class .
  GRAPH ?g { ?x ?property ?y }
  FILTER NOT EXISTS { GRAPH ?g { ?x a ?class } }
} ;

# prp-rng: a property's value belongs to its range
INSERT { GRAPH ?g { ?y a ?class } }
WHERE {
  ?property rdfs:range ?class .
  GRAPH ?g { ?x ?property ?y FILTER (!isLiteral(?y)) }
  FILTER NOT EXISTS { GRAPH ?g { ?y a ?class } }
} ;

# cls-avf: a value under an all-values-from restriction belongs to its class
INSERT { GRAPH ?g { ?y a ?class } }
WHERE {
  ?restriction owl:allValuesFrom ?class ; owl:onProperty ?property .
  ?owner rdfs:subClassOf ?restriction .
  GRAPH ?g { ?x a ?owner ; ?property ?y }
  FILTER NOT EXISTS { GRAPH ?g { ?y a ?class } }
}
