vcl 4.1;

# A page that one server cannot make is denied to it for 20 s, and made by the other one.
# MISTAKE: web2 was added later, and as a bare backend: nothing keeps its saint list, so it is asked for the page
# that it has just failed at, each time anew.

import directors;
import saintmode;

probe ping { .url = "/ping"; .interval = 3s; .timeout = 1s; .window = 4; .threshold = 2; }

backend web1 { .host = "10.0.0.1"; .port = "8080"; .probe = ping; }
backend web2 { .host = "10.0.0.2"; .port = "8080"; .probe = ping; }

sub vcl_init {
    new saint1 = saintmode.saintmode(web1, 10);
    new web = directors.round_robin();
    web.add_backend(saint1.backend());
    web.add_backend(web2);
}

sub vcl_recv {
    set req.backend_hint = web.backend();
}

sub vcl_backend_response {
    if (beresp.status >= 500 && bereq.retries < 1) {
        saintmode.denylist(20s);
        return (retry);
    }
}
