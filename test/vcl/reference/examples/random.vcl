vcl 4.1;
import directors;
backend backend1 { .host = "127.0.0.1"; .port = "8081"; }
backend backend2 { .host = "127.0.0.1"; .port = "8082"; }
sub vcl_init {
#{ 003_66763a67b75656ab 162-162
              new vdir = directors.random();
#}
#{ 003_66763a67b75656ab 175-176
              #   2/3   to   backend1,   1/3   to  backend2.
vdir.add_backend(backend1,  10.0);
              vdir.add_backend(backend2, 5.0);
#}
}
sub vcl_recv {
    if (req.url == "/remove") {
#{ 003_66763a67b75656ab 186-186
              vdir.remove_backend(backend1); vdir.remove_backend(backend2);
#}
        return (synth(200, "Removed"));
    }
#{ 003_66763a67b75656ab 196-196
              set req.backend_hint = vdir.backend();
#}
    return (pass);
}
