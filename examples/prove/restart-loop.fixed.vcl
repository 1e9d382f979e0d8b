vcl 4.1;

# Old addresses have moved into the archive.
# Each restart leads to an address that asks for no other.

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }

sub vcl_recv {
    if (req.url ~ "^/old/") {
        set req.url = regsub(req.url, "^/old/", "/archive/");
        return (restart);
    }
}
