# A site on two servers, in VCL. With two origins to try it (node examples/site/origins.mjs, in another terminal):
#
#   npx troupe run -f examples/site.vcl -a 127.0.0.1:8080
#   curl http://127.0.0.1:8080/page             served by one of the two, then from the cache
#   curl http://127.0.0.1:8080/broken           fails on one; it is not asked for that page again for 20 s
#   curl -X PURGE http://127.0.0.1:8080/page    forgets it, and tells the neighbour
#   curl http://127.0.0.1:8080/status           how many purges the neighbour has still to be told of
vcl 4.1;

import directors;
import peer;
import saintmode;
import std;

probe health {
    .url = "/health";
    .interval = 2s;
    .timeout = 500ms;
    .window = 4;
    .threshold = 2;
}

backend app1 {
    .host = "127.0.0.1";
    .port = "9001";
    .probe = health;
}

backend app2 {
    .host = "127.0.0.1";
    .port = "9002";
    .probe = health;
}

acl neighbours {
    "localhost";
    "10.9.0.0"/16;
}

sub vcl_init {
    # Ten pages that a server fails on, and it is asked for none.
    new saint1 = saintmode.saintmode(app1, 10);
    new saint2 = saintmode.saintmode(app2, 10);
    new app = directors.round_robin();
    app.add_backend(saint1.backend());
    app.add_backend(saint2.backend());

    # Whoever caches the same pages.
    peer.set("127.0.0.1", 8082);
    peer.set_connect_timeout(500);
}

sub vcl_recv {
    set req.backend_hint = app.backend();
    if (req.url == "/status") {
        return (synth(200, "Status"));
    }
    if (req.method == "PURGE") {
        if (!client.ip ~ neighbours) {
            return (synth(405, "Not allowed"));
        }
        if (!req.http.X-Told-By) {
            # The neighbour does not tell us back.
            set req.http.X-Told-By = server.identity;
            peer.queue_req();
        }
        return (purge);
    }
    # Nobody's session matters for these.
    if (req.url ~ "\.(?:css|js|png|svg|woff2)$") {
        unset req.http.Cookie;
    }
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        saintmode.blacklist(20s);
        std.log(beresp.status + " for " + bereq.url + ": trying another");
        return (retry);
    }
    # Served for an hour more, if it has to be, while a new one is fetched.
    set beresp.grace = 1h;
}

sub vcl_deliver {
    set resp.http.X-Hits = obj.hits;
}

sub vcl_synth {
    if (req.url == "/status") {
        synthetic("pending: " + peer.pending() + {"
"});
        return (deliver);
    }
}
