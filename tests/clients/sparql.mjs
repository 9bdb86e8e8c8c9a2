// node sparql.mjs PACKAGE FORM ENDPOINT TEXT: one request, its answer as JSON on standard output. The token is in TOKEN.
const [name, form, endpoint, text] = process.argv.slice(2);
const authorization = process.env.TOKEN;

const gather = (stream, pick) =>
  new Promise((done, fail) => {
    const found = [];
    stream.on("data", (each) => found.push(pick(each)));
    stream.on("error", fail);
    stream.on("end", () => done(found));
  });

async function comunica() {
  const { QueryEngine } = await import("@comunica/query-sparql");
  const engine = new QueryEngine();
  const source = { type: "sparql", value: endpoint };
  const context = { sources: [source] };
  switch (form) {
    case "ask":
      return engine.queryBoolean(text, context);
    case "select":
      return gather(await engine.queryBindings(text, context), (row) => [...row.values()][0].value);
    case "construct":
      return gather(await engine.queryQuads(text, context), (quad) => quad.object.value);
    default:
      await engine.queryVoid(text, { ...context, destination: source, httpAuth: `me:${authorization}` });
      return null;
  }
}

async function fetcher() {
  const { SparqlEndpointFetcher } = await import("fetch-sparql-endpoint");
  const headers = form === "update" ? { Authorization: `Bearer ${authorization}` } : {};
  const client = new SparqlEndpointFetcher({ defaultHeaders: new Headers(headers) });
  switch (form) {
    case "ask":
      return client.fetchAsk(endpoint, text);
    case "select":
      return gather(await client.fetchBindings(endpoint, text), (row) => Object.values(row)[0].value);
    case "construct":
      return gather(await client.fetchTriples(endpoint, text), (quad) => quad.object.value);
    default:
      await client.fetchUpdate(endpoint, text);
      return null;
  }
}

try {
  console.log(JSON.stringify(await (name === "fetch-sparql-endpoint" ? fetcher() : comunica())));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
