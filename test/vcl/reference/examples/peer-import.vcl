vcl 4.1;
#{ 000_3ee6f53f4ed7169a 12-12
import peer;
#}
backend default { .host = "127.0.0.1"; .port = "8080"; }
