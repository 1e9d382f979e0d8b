vcl 4.1;

# Pages are fresh for 10 s; old copies are served while the server is down.
# A copy may be served for longer than it takes until the probe has noticed.

probe health { .url = "/health"; .interval = 30s; .timeout = 2s; .window = 3; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }

sub vcl_backend_response {
    set beresp.ttl = 10s;
    set beresp.grace = 2h;
}
