# "So, you could have VCL code that would add more backends to a director when a certain URL is called."
vcl 4.1;
import directors;
backend backend1 { .host = "127.0.0.1"; .port = "8081"; }
backend backend2 { .host = "127.0.0.1"; .port = "8082"; }
sub vcl_init {
    new vdir = directors.round_robin();
    vdir.add_backend(backend1);
}
sub vcl_recv {
    if (req.url == "/add") {
        vdir.add_backend(backend2);
        return (synth(200, "Added"));
    }
    set req.backend_hint = vdir.backend();
    return (pass);
}
