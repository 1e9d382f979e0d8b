vcl 4.1;

# www.example.com and example.com are one site, and kept as one.
# The host is normalised first, for every method.

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }

sub vcl_recv {
    set req.http.Host = regsub(req.http.Host, "^www\.", "");
    if (req.method == "PURGE") {
        return (purge);
    }
}

sub vcl_backend_response {
    set beresp.ttl = 1h;
}
