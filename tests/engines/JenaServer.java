import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.jena.query.Dataset;
import org.apache.jena.query.DatasetFactory;
import org.apache.jena.query.Query;
import org.apache.jena.query.QueryCancelledException;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryExecutionFactory;
import org.apache.jena.query.QueryFactory;
import org.apache.jena.query.QueryParseException;
import org.apache.jena.query.ReadWrite;
import org.apache.jena.query.ResultSet;
import org.apache.jena.query.ResultSetFormatter;
import org.apache.jena.rdf.model.Model;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.riot.RDFLanguages;
import org.apache.jena.riot.RiotException;
import org.apache.jena.update.UpdateAction;

/**
 * Jena's engine (ARQ over its transactional dataset in memory) behind the SPARQL 1.1 Protocol and Graph Store Protocol,
 * for tests. Debian has Jena's libraries but not Fuseki, its server; this is as much of one as the tests need. Quads may
 * be posted to the graph store's own address, as Fuseki has it.
 *
 * <p>Arguments: the port, the user and the password of those who may write (HTTP Basic).
 */
public final class JenaServer {
    private static final Dataset DATA = DatasetFactory.createTxnMem();
    private static final int QUERY_SECONDS = 60;
    private static final Map<String, Lang> GRAPHS =
            Map.of("application/n-triples", Lang.NTRIPLES, "application/rdf+xml", Lang.RDFXML);
    private static String credentials;

    private record Reply(int status, String type, byte[] body) {
        static Reply text(int status, String text) {
            return new Reply(status, "text/plain; charset=utf-8", (text + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    private interface Route {
        Reply answer(HttpExchange exchange, Map<String, List<String>> parameters, byte[] body) throws Exception;
    }

    public static void main(String[] given) throws IOException {
        String pair = given[1] + ":" + given[2];
        credentials = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", Integer.parseInt(given[0]));
        HttpServer server = HttpServer.create(address, 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/sparql", exchange -> handle(exchange, false, JenaServer::query));
        server.createContext("/update", exchange -> handle(exchange, true, JenaServer::update));
        server.createContext("/graphs", exchange -> handle(exchange, isWrite(exchange), JenaServer::graphs));
        server.start();
    }

    private static boolean isWrite(HttpExchange exchange) {
        return !List.of("GET", "HEAD").contains(exchange.getRequestMethod());
    }

    private static void handle(HttpExchange exchange, boolean writes, Route route) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Reply reply;
        try {
            if (writes && !credentials.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"Jena\"");
                reply = Reply.text(401, "Name and password are needed.");
            } else {
                Map<String, List<String>> parameters = new HashMap<>();
                read(exchange.getRequestURI().getRawQuery(), parameters);
                if (type(exchange).equals("application/x-www-form-urlencoded")) {
                    read(new String(body, StandardCharsets.UTF_8), parameters);
                }
                reply = route.answer(exchange, parameters, body);
            }
        } catch (QueryParseException | RiotException error) {
            reply = Reply.text(400, String.valueOf(error.getMessage()));
        } catch (QueryCancelledException error) {
            reply = Reply.text(503, "Query timed out");
        } catch (Exception | StackOverflowError error) {
            reply = Reply.text(500, error.toString());
        }
        exchange.getResponseHeaders().set("Content-Type", reply.type());
        exchange.getResponseHeaders().set("Server", "Jena");
        boolean bodiless = reply.body().length == 0 || exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(reply.status(), bodiless ? -1 : reply.body().length);
        if (!bodiless) {
            exchange.getResponseBody().write(reply.body());
        }
        exchange.close();
    }

    private static void read(String encoded, Map<String, List<String>> parameters) {
        for (String pair : encoded == null ? new String[0] : encoded.split("&")) {
            int equals = pair.indexOf('=');
            String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
            String value = equals < 0 ? "" : decoded(pair.substring(equals + 1));
            parameters.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private static String type(HttpExchange exchange) {
        String given = exchange.getRequestHeaders().getFirst("Content-Type");
        return given == null ? "" : given.split(";")[0].trim().toLowerCase();
    }

    private static String operation(
            HttpExchange exchange, Map<String, List<String>> parameters, byte[] body, String name) {
        if (type(exchange).equals("application/sparql-" + name)) {
            return new String(body, StandardCharsets.UTF_8);
        }
        List<String> given = parameters.getOrDefault(name, List.of());
        if (given.size() != 1) {
            throw new QueryParseException("One " + name + " is needed.", -1, -1);
        }
        return given.get(0);
    }

    private static Reply query(HttpExchange exchange, Map<String, List<String>> parameters, byte[] body) {
        Query query = QueryFactory.create(operation(exchange, parameters, body, "query"));
        List<String> defaults = parameters.getOrDefault("default-graph-uri", List.of());
        List<String> named = parameters.getOrDefault("named-graph-uri", List.of());
        if (!defaults.isEmpty() || !named.isEmpty()) {
            query.getGraphURIs().clear();
            query.getNamedGraphURIs().clear();
            defaults.forEach(query::addGraphURI);
            named.forEach(query::addNamedGraphURI);
        }
        String accept = String.valueOf(exchange.getRequestHeaders().getFirst("Accept"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        DATA.begin(ReadWrite.READ);
        try (QueryExecution execution = QueryExecutionFactory.create(query, DATA)) {
            execution.setTimeout(seconds(parameters), TimeUnit.SECONDS);
            if (query.isAskType()) {
                ResultSetFormatter.outputAsJSON(out, execution.execAsk());
                return new Reply(200, "application/sparql-results+json", out.toByteArray());
            }
            if (query.isSelectType()) {
                return new Reply(200, table(accept, execution.execSelect(), out), out.toByteArray());
            }
            return graph(accept, query.isDescribeType() ? execution.execDescribe() : execution.execConstruct());
        } finally {
            DATA.end();
        }
    }

    private static long seconds(Map<String, List<String>> parameters) {
        List<String> given = parameters.getOrDefault("timeout", List.of());
        return given.isEmpty() ? QUERY_SECONDS : Math.min(QUERY_SECONDS, (long) Math.ceil(Double.parseDouble(given.get(0))));
    }

    private static String table(String accept, ResultSet rows, ByteArrayOutputStream out) {
        if (accept.startsWith("application/sparql-results+xml")) {
            ResultSetFormatter.outputAsXML(out, rows);
            return "application/sparql-results+xml";
        }
        if (accept.startsWith("text/csv")) {
            ResultSetFormatter.outputAsCSV(out, rows);
            return "text/csv";
        }
        if (accept.startsWith("text/tab-separated-values")) {
            ResultSetFormatter.outputAsTSV(out, rows);
            return "text/tab-separated-values";
        }
        ResultSetFormatter.outputAsJSON(out, rows);
        return "application/sparql-results+json";
    }

    private static Reply graph(String accept, Model model) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Lang lang = GRAPHS.getOrDefault(accept.split("[;,]")[0].trim(), Lang.TURTLE);
        RDFDataMgr.write(out, model, lang);
        return new Reply(200, lang.getHeaderString(), out.toByteArray());
    }

    private static Reply update(HttpExchange exchange, Map<String, List<String>> parameters, byte[] body) {
        if (!exchange.getRequestMethod().equals("POST")) {
            return Reply.text(405, "Updates are posted.");
        }
        if (parameters.containsKey("using-graph-uri") || parameters.containsKey("using-named-graph-uri")) {
            return Reply.text(400, "Say USING in the update.");
        }
        String text = operation(exchange, parameters, body, "update");
        write(() -> UpdateAction.parseExecute(text, DATA));
        return new Reply(204, "text/plain", new byte[0]);
    }

    private static Reply graphs(HttpExchange exchange, Map<String, List<String>> parameters, byte[] body) {
        String name = parameters.containsKey("graph") ? parameters.get("graph").get(0) : null;
        String method = exchange.getRequestMethod();
        if (name == null && !parameters.containsKey("default")) {
            if (!method.equals("POST")) {
                return Reply.text(400, "Name the graph, or default.");
            }
            Lang lang = RDFLanguages.contentTypeToLang(type(exchange));
            write(() -> RDFDataMgr.read(DATA, new ByteArrayInputStream(body), lang));
            return new Reply(204, "text/plain", new byte[0]);
        }
        boolean exists;
        DATA.begin(ReadWrite.READ);
        try {
            exists = name == null || DATA.containsNamedModel(name);
            if (exists && List.of("GET", "HEAD").contains(method)) {
                String accept = String.valueOf(exchange.getRequestHeaders().getFirst("Accept"));
                return graph(accept, name == null ? DATA.getDefaultModel() : DATA.getNamedModel(name));
            }
        } finally {
            DATA.end();
        }
        if (!exists && !List.of("PUT", "POST").contains(method)) {
            return Reply.text(404, "There is no such graph.");
        }
        Lang lang = method.equals("DELETE") ? null : RDFLanguages.contentTypeToLang(type(exchange));
        if (lang == null && !method.equals("DELETE")) {
            return Reply.text(415, "What Content-Type is it?");
        }
        write(() -> {
            Model model = name == null ? DATA.getDefaultModel() : DATA.getNamedModel(name);
            if (!method.equals("POST")) {
                model.removeAll();
            }
            if (lang != null) {
                RDFDataMgr.read(model, new ByteArrayInputStream(body), lang);
            }
        });
        return new Reply(exists ? 204 : 201, "text/plain", new byte[0]);
    }

    private static void write(Runnable work) {
        DATA.begin(ReadWrite.WRITE);
        try {
            work.run();
            DATA.commit();
        } catch (RuntimeException | Error error) {
            DATA.abort();
            throw error;
        } finally {
            DATA.end();
        }
    }
}
