vcl 4.1;
import directors;
import saintmode;
#{ 002_d97fb6d4e3e79f59 78-91
backend b0 {
      .host = "127.0.0.1";
      .port = "8080";
}

backend b1 { .host = "127.0.0.1"; .port = "8080"; }

sub vcl_init { # Instantiate sm0, sm1 for backends b0, b1
new sm0 = saintmode.saintmode(b0, 10); new sm1 = saintmode.saintmode(b1, 10);

# Add both to a director. Use sm0, sm1 in place of b0, b1
new mydir = directors.random(); mydir.add_backend(sm0.backend(), 1); mydir.add_backend(sm1.backend(), 1); }

sub vcl_backend_fetch { set bereq.backend = mydir.backend(); }

sub vcl_backend_response { if (beresp.status == 500) {
# This marks the backend as sick for this specific
# object for the next 20s.
saintmode.blacklist(20s); return (retry); } }
#}
