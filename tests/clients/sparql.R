# Rscript sparql.R PACKAGE FORM ENDPOINT TEXT: one request, its answer on standard output. The token is in TOKEN.
given <- commandArgs(TRUE)
form <- given[2]
endpoint <- given[3]
text <- given[4]
token <- Sys.getenv("TOKEN")

# R's own reader of CSV, from an address.
base <- function() {
  address <- paste0(endpoint, "?format=csv&query=", URLencode(text, reserved = TRUE))
  writeLines(as.character(read.csv(address)[[1]]))
}

# httr for HTTP and xml2 for the answers.
httr <- function() {
  if (form == "update") {
    answer <- httr::POST(endpoint, httr::authenticate("me", token), body = list(update = text), encode = "form")
  } else if (form == "construct") {
    answer <- httr::GET(endpoint, query = list(query = text))
  } else {
    answer <- httr::GET(endpoint, query = list(query = text), httr::accept("application/sparql-results+xml"))
  }
  body <- httr::content(answer, "text")
  if (httr::http_error(answer)) stop(body)
  if (form == "construct") {
    writeLines(c(httr::http_type(answer), body))
  } else if (form != "update") {
    found <- xml2::xml_find_all(xml2::xml_ns_strip(xml2::read_xml(body)), "//literal | //uri | //boolean")
    writeLines(xml2::xml_text(found))
  }
}

# The package SPARQL. Its updates are multipart forms, which the protocol does not know, but for style = "post". Rows of
# one column it gives as columns of one row.
sparql <- function() {
  suppressPackageStartupMessages(library(SPARQL))
  if (form == "update") {
    credentials <- list(httpheader = c(Authorization = paste("Bearer", token)))
    cat(SPARQL(endpoint, update = text, curl_args = list(style = "post", .opts = credentials)))
  } else {
    found <- SPARQL(endpoint, text, curl_args = if (form == "select .encoding") list(.encoding = "UTF-8"))$results
    if (nrow(found) > 0) writeLines(as.character(unlist(found)))
  }
}

switch(given[1], base = base(), httr = httr(), SPARQL = sparql())
