# A program of Varnish 3: what it does not know is piped.
# The backend is chosen before anything is handed over.

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend web1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }
backend web2 { .host = "10.0.0.2"; .port = "8080"; .probe = health; }

director web round-robin {
    { .backend = web1; }
    { .backend = web2; }
}

sub vcl_recv {
    set req.backend = web;
    if (req.request != "GET" && req.request != "HEAD" && req.request != "PUT" && req.request != "POST" &&
        req.request != "TRACE" && req.request != "OPTIONS" && req.request != "DELETE") {
        return (pipe);
    }
    if (req.request != "GET" && req.request != "HEAD") {
        return (pass);
    }
    return (lookup);
}
