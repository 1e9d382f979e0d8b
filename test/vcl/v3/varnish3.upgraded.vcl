# A program of Varnish 3, which runs as it is:
#
#   npx troupe run -f examples/varnish3.vcl -a 127.0.0.1:8080
#
# and which this prints in VCL 4.1:
#
#   npx troupe check --upgrade examples/varnish3.vcl
#
# Two origins to try it: node examples/site/origins.mjs
vcl 4.1;

import purge as vmod_purge;
import std;
import saintmode;
import directors;

backend app1 {
    .host = "127.0.0.1";
    .port = "9001";
}

backend app2 {
    .host = "127.0.0.1";
    .port = "9002";
}

acl purge {
    "localhost";
}

# Varnish 3's directors and saint lists, which are objects now.
sub vcl_init {
    new app1_saint = saintmode.saintmode(app1, 5);
    new app2_saint = saintmode.saintmode(app2, 10);
    new app = directors.round_robin();
    app.add_backend(app1_saint.backend());
    app.add_backend(app2_saint.backend());
}

# What Varnish 3 does by itself, and what both sides of a request have to tell each other.
sub vcl_recv {
    set req.http.X-Varnish3-Restarts = req.restarts;
    set req.backend_hint = app1_saint.backend();
}

sub vcl_backend_response {
    unset beresp.http.X-Varnish3-Restart;
}

sub vcl_deliver {
    if (resp.http.X-Varnish3-Restart) {
        return (restart);
    }
}

sub vcl_recv {
    set req.backend_hint = app.backend();
    if (req.method == "PURGE") {
        if (!client.ip ~ purge) {
            return (synth(405, "Not allowed."));
        }
        return (hash);
    }
    unset req.http.Cookie;
    if (req.url == "/status") {
        return (synth(200, "Status"));
    }
}

sub vcl_hit {
    if (req.method == "PURGE") {
        vmod_purge.hard();
        return (synth(200, "Purged."));
    }
}

sub vcl_miss {
    if (req.method == "PURGE") {
        vmod_purge.hard();
        return (synth(404, "Not in cache."));
    }
}

sub vcl_backend_response {
    # This server is not asked for this page for a while; another may do better.
    if (beresp.status >= 500 && std.integer(bereq.http.X-Varnish3-Restarts, 0) < 2) {
        saintmode.blacklist(20s);
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.http.X-Varnish3-Restart = "1";
        set beresp.ttl = 0s;
        set beresp.uncacheable = true;
        return (deliver);
    }
    if (beresp.http.Set-Cookie) {
        return (pass(beresp.ttl));
    }
}

sub vcl_synth {
    if (resp.status == 200) {
        set resp.http.Content-Type = "text/plain";
        set resp.body = "fine, at " + now + {"
"};
        return (deliver);
    }
}

# What Varnish 3's built-in VCL does, and later ones do not.
sub vcl_recv {
    if (req.method != "GET" &&
            req.method != "HEAD" &&
            req.method != "PUT" &&
            req.method != "POST" &&
            req.method != "TRACE" &&
            req.method != "OPTIONS" &&
            req.method != "DELETE") {
        return (pipe);
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
    return (hash);
}

sub vcl_backend_response {
    if (beresp.ttl <= 0s || beresp.http.Set-Cookie || beresp.http.Vary == "*") {
        set beresp.ttl = 120s;
        return (pass(beresp.ttl));
    }
    return (deliver);
}

# A backend that does not answer is for vcl_synth, as it was for vcl_error.
sub vcl_backend_error {
    return (abandon);
}
