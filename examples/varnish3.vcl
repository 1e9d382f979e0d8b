# A program of Varnish 3, which runs as it is:
#
#   npx troupe run -f examples/varnish3.vcl -a 127.0.0.1:8080
#
# and which this prints in VCL 4.1:
#
#   npx troupe check --upgrade examples/varnish3.vcl
#
# Two origins to try it: node examples/site/origins.mjs

backend app1 { .host = "127.0.0.1"; .port = "9001"; .saintmode_threshold = 5; }
backend app2 { .host = "127.0.0.1"; .port = "9002"; }

director app round-robin {
    { .backend = app1; }
    { .backend = app2; }
}

acl purge { "localhost"; }

sub vcl_recv {
    set req.backend = app;
    if (req.request == "PURGE") {
        if (!client.ip ~ purge) { error 405 "Not allowed."; }
        return (lookup);
    }
    remove req.http.Cookie;
    if (req.url == "/status") { error 200 "Status"; }
}

sub vcl_hit {
    if (req.request == "PURGE") { purge; error 200 "Purged."; }
}

sub vcl_miss {
    if (req.request == "PURGE") { purge; error 404 "Not in cache."; }
}

sub vcl_fetch {
    # This server is not asked for this page for a while; another may do better.
    if (beresp.status >= 500 && req.restarts < 2) {
        set beresp.saintmode = 20s;
        return (restart);
    }
    if (beresp.http.Set-Cookie) { return (hit_for_pass); }
}

sub vcl_error {
    if (obj.status == 200) {
        set obj.http.Content-Type = "text/plain";
        synthetic {"fine, at "} + now + {"
"};
        return (deliver);
    }
}
