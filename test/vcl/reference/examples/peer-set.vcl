vcl 4.1;
import peer;
backend default { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
#{ 000_3ee6f53f4ed7169a 52-52
            peer.set("127.0.0.1",8888);
#}
}
sub vcl_recv {
    peer.queue_req();
}
