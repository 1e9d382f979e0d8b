vcl 4.1;
import directors;
backend backend1 { .host = "127.0.0.1"; .port = "8081"; }
backend backend2 { .host = "127.0.0.1"; .port = "8082"; }
sub vcl_init {
#{ 003_66763a67b75656ab 78-78
              new vdir = directors.round_robin();
#}
#{ 003_66763a67b75656ab 88-88
              vdir.add_backend(backend1); vdir.add_backend(backend2);
#}
}
sub vcl_recv {
    if (req.url == "/remove") {
#{ 003_66763a67b75656ab 98-98
              vdir.remove_backend(backend1); vdir.remove_backend(backend2);
#}
        return (synth(200, "Removed"));
    }
#{ 003_66763a67b75656ab 108-108
              set req.backend_hint = vdir.backend();
#}
    return (pass);
}
