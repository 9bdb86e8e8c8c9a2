# What Kelisim's own definitions derive from the claims, beside what follows by OWL; as updates.
# Claims' records stand in the default graph, each claim's facts in its graph. What is derived goes to the default graph.

PREFIX code: <https://w3id.org/kelisim/code/>
PREFIX id: <https://w3id.org/kelisim/id/>
PREFIX kel: <https://w3id.org/kelisim/ns#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

# kel:about: the things that a claim's facts speak of
INSERT { ?claim kel:about ?thing }
WHERE {
  ?claim kel:modality ?how .
  GRAPH ?claim { { ?thing ?p ?o } UNION { ?s ?p ?thing } }
  FILTER (STRSTARTS(STR(?thing), STR(id:)))
} ;

# kel:strongestModality: of the claims that say something of the thing; not of topics, which are no more than subjects
INSERT { ?thing kel:strongestModality ?modality }
WHERE {
  {
    SELECT ?thing (MIN(?rank) AS ?best) WHERE {
      VALUES (?of ?rank) {
        (code:asserted 1) (code:reported 2) (code:planned 3) (code:expected 4) (code:possible 5) (code:denied 6)
      }
      ?claim kel:modality ?of .
      GRAPH ?claim { ?thing ?p ?o FILTER (?p NOT IN (rdf:type, rdfs:label)) }
      FILTER (STRSTARTS(STR(?thing), STR(id:)))
      FILTER NOT EXISTS { ?thing a skos:Concept }
    } GROUP BY ?thing
  }
  VALUES (?modality ?best) {
    (code:asserted 1) (code:reported 2) (code:planned 3) (code:expected 4) (code:possible 5) (code:denied 6)
  }
} ;

# The same of things that claims only point at, but for states, people, organisations and places, which exist anyway
INSERT { ?thing kel:strongestModality ?modality }
WHERE {
  {
    SELECT ?thing (MIN(?rank) AS ?best) WHERE {
      VALUES (?of ?rank) {
        (code:asserted 1) (code:reported 2) (code:planned 3) (code:expected 4) (code:possible 5) (code:denied 6)
      }
      VALUES ?class {
        kel:Event kel:Visit kel:Instrument kel:DocumentPackage kel:Project kel:Facility kel:Route kel:Policy kel:Relation
      }
      ?thing a ?class .
      FILTER NOT EXISTS { ?thing kel:strongestModality ?known }
      ?claim kel:modality ?of .
      GRAPH ?claim { ?s ?p ?thing }
    } GROUP BY ?thing
  }
  VALUES (?modality ?best) {
    (code:asserted 1) (code:reported 2) (code:planned 3) (code:expected 4) (code:possible 5) (code:denied 6)
  }
} ;

# kel:latestStatus: by the newest article that tells one
INSERT { ?thing kel:latestStatus ?status }
WHERE {
  {
    SELECT ?thing (MAX(?date) AS ?latest) WHERE {
      GRAPH ?any { ?thing kel:status ?one }
      ?any kel:modality ?how ; kel:passage/kel:article/kel:latest ?date .
      FILTER (?how != code:denied)
    } GROUP BY ?thing
  }
  GRAPH ?claim { ?thing kel:status ?status }
  ?claim kel:modality ?modality ; kel:passage/kel:article/kel:latest ?latest .
  FILTER (?modality != code:denied)
} ;

# kel:documentOf: by the outcome, by a stage, through the package, and of the bigger event too; of published facts only
INSERT { ?document kel:documentOf ?event }
WHERE {
  { ?document kel:outcomeOf ?event }
  UNION { ?stage kel:stageOf ?document ; kel:atEvent ?event }
  UNION { ?document (kel:inPackage|kel:partOf)+/kel:outcomeOf ?event }
  UNION { ?document (kel:inPackage|kel:partOf)+ ?package . ?stage kel:stageOf ?package ; kel:atEvent ?event }
  FILTER EXISTS { VALUES ?document_class { kel:Instrument kel:DocumentPackage } ?document a ?document_class }
} ;

INSERT { ?document kel:documentOf ?bigger }
WHERE { ?document kel:documentOf ?event . ?event kel:partOf+ ?bigger }
