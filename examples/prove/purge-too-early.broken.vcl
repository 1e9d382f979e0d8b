vcl 4.1;

# www.example.com and example.com are one site, and kept as one.
# MISTAKE: the purge is decided before the host is normalised, so it purges what is kept under www.example.com,
# where nothing is: all pages are kept under example.com.

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }

sub vcl_recv {
    if (req.method == "PURGE") {
        return (purge);
    }
    set req.http.Host = regsub(req.http.Host, "^www\.", "");
}

sub vcl_backend_response {
    set beresp.ttl = 1h;
}
