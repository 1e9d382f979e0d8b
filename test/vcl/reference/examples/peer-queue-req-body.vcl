import peer;
backend default { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
    peer.set("127.0.0.1", 8888);
}
sub vcl_recv {
#{ 000_3ee6f53f4ed7169a 180-183
            // Send an HTTP POST.
            set req.request = "POST";
            peer.queue_req_body({"Form entry
            sent "} + now);
#}
}
