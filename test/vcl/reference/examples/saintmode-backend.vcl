vcl 4.1;
import saintmode;
backend b { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_init {
    new sm = saintmode.saintmode(b, 10);
}
#{ 002_d97fb6d4e3e79f59 128-130
sub vcl_backend_fetch {
        set bereq.backend = sm.backend();
}
#}
sub vcl_backend_response {
    if (beresp.status == 500) { saintmode.blacklist(20s); return (retry); }
}
