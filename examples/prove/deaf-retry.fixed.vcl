vcl 4.1;

# An object that one server cannot make is asked of the other one, and for 20 s not of the first.
# The director has the saintmode objects, which heed the list.

import directors;
import saintmode;

probe health { .url = "/health"; .interval = 2s; .timeout = 1s; .window = 4; .threshold = 2; }

backend app1 { .host = "10.0.0.1"; .port = "8080"; .probe = health; }
backend app2 { .host = "10.0.0.2"; .port = "8080"; .probe = health; }

sub vcl_init {
    new saint1 = saintmode.saintmode(app1, 10);
    new saint2 = saintmode.saintmode(app2, 10);
    new app = directors.fallback();
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
