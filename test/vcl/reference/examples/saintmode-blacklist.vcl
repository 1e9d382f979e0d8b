vcl 4.1;
import directors;
import saintmode;
backend b0 { .host = "127.0.0.1"; .port = "8080"; }
backend b1 { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
    new sm0 = saintmode.saintmode(b0, 10);
    new sm1 = saintmode.saintmode(b1, 10);
    new app = directors.fallback();
    app.add_backend(sm0.backend());
    app.add_backend(sm1.backend());
}
sub vcl_backend_fetch {
    set bereq.backend = app.backend();
}
#{ 002_d97fb6d4e3e79f59 147-153
sub vcl_backend_response {
        if (beresp.http.broken-app) {
                saintmode.blacklist(20s);
                return (retry);
        }

}
#}
