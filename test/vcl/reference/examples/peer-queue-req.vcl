import peer;
backend default { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
    peer.set("127.0.0.1", 8888);
}
sub vcl_recv {
#{ 000_3ee6f53f4ed7169a 154-159
            // Turn GET requests into PURGEs for a neighboring cache
            if (req.request == "GET") {
                set req.request = "PURGE";
                peer.queue_req();
                set req.request = "GET";
            }
#}
}
