vcl 4.1;
import directors;
backend backend1 { .host = "127.0.0.1"; .port = "8081"; }
backend backend2 { .host = "127.0.0.1"; .port = "8082"; }
sub vcl_init {
#{ 003_66763a67b75656ab 209-209
              new vdir = directors.hash();
#}
#{ 003_66763a67b75656ab 222-222
              vdir.add_backend(backend1, 1.0); vdir.add_backend(backend2, 1.0);
#}
}
sub vcl_recv {
    if (req.url == "/remove") {
#{ 003_66763a67b75656ab 232-232
              vdir.remove_backend(backend1); vdir.remove_backend(backend2);
#}
        return (synth(200, "Removed"));
    }
#{ 003_66763a67b75656ab 244-245
              # pick a backend based on the cookie header from the client
set req.backend_hint  =
              vdir.backend(req.http.cookie);
#}
    return (pass);
}
