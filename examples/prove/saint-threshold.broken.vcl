vcl 4.1;

# An object that one server cannot make is asked of the other one, and for 20 s not of the first.
# MISTAKE: with a threshold of 1 a single bad page takes a server out for all pages. If both servers fail for the
# same page, as they do when the page is what is wrong, everything is gone.

import directors;
import saintmode;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }
backend app2 { .host = "10.0.0.2"; .port = "8080"; .probe = health; }

sub vcl_init {
    new saint1 = saintmode.saintmode(app1, 1);
    new saint2 = saintmode.saintmode(app2, 1);
    new app = directors.round_robin();
    app.add_backend(saint1.backend());
    app.add_backend(saint2.backend());
}

sub vcl_recv {
    set req.backend_hint = app.backend();
    return (pass);
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        saintmode.denylist(20s);
        if (bereq.retries < 2) {
            return (retry);
        }
    }
}
