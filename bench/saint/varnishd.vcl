vcl 4.1;

# varnishd as a pass-through proxy with saintmode, as in troupe.config.ts.
import saintmode;

backend origin {
    .host = "127.0.0.1";
    .port = "@origin@";
}

sub vcl_init {
    new saint = saintmode.saintmode(origin, 10000000);
}

sub vcl_recv {
    return (pass);
}

sub vcl_backend_fetch {
    set bereq.backend = saint.backend();
}

sub vcl_backend_response {
    if (bereq.url ~ "^/denied/") {
        saintmode.blacklist(2h);
    }
}
