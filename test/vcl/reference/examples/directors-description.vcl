vcl 4.1;
import directors;
backend backend1 { .host = "127.0.0.1"; .port = "8081"; }
backend backend2 { .host = "127.0.0.1"; .port = "8082"; }
#{ 003_66763a67b75656ab 24-28
          sub vcl_init {
              new vdir = directors.round_robin();
              vdir.add_backend(backend1);
              vdir.add_backend(backend2);
          }
#}
sub vcl_recv {
    set req.backend_hint = vdir.backend();
    return (pass);
}
