vcl 4.1;
import peer;
backend default { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
    peer.set("127.0.0.1", 8888);
#{ 000_3ee6f53f4ed7169a 82-83
            // Set the new maximum threads to 4 without changing the mininum
            peer.set_threads(0,4);
#}
}
sub vcl_recv {
    peer.queue_req();
}
