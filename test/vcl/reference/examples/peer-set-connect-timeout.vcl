vcl 4.1;
import peer;
backend default { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
    peer.set("127.0.0.1", 8888);
#{ 000_3ee6f53f4ed7169a 121-122
            // Set connect timeout to .1 seconds
            peer.set_connect_timeout(100);
#}
}
sub vcl_recv {
    peer.queue_req();
}
