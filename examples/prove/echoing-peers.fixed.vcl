vcl 4.1;

# Two caches tell each other what was purged.
# What a peer has told is not told on.

import peer;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }

acl purgers { "127.0.0.1"; "10.0.8.0"/24; }

sub vcl_init {
    peer.set("10.0.8.2", 6081);
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(405));
        }
        if (!req.http.X-Told-By-Peer) {
            set req.http.X-Told-By-Peer = "1";
            peer.queue_req();
        }
        return (purge);
    }
}
