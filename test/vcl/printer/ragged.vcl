# The site.
vcl 4.1; import std; import directors;
backend b1 { .host="127.0.0.1"; .port="8081"; # the first
  .probe={ .request="GET /health HTTP/1.1" "Host: www.example.com" "Connection: close"; .interval=5s; } }
backend b2 { .host = "127.0.0.1"; .port = "8082"; .first_byte_timeout = 1.5s; } # the second
acl neighbours { "localhost"; /* ourselves */ "10.0.0.0"/8; !"10.0.0.1"; }


sub vcl_init { new app = directors.random(); app.add_backend(b1, 10.0); app.add_backend(b2, 5.0); }
sub vcl_recv {
    set req.backend_hint=app.backend();
  # Who may?
  if (req.method=="PURGE") { if (!client.ip~neighbours) { return(synth(405,"Not allowed.")); } return (purge); }
  elsif (req.http.Cookie ~ "session=[0-9a-f]+" && req.url !~ "\.(?:png|gif|jpg|css|js)$" && !req.http.X-Anonymous && req.http.host != "static.example.com") { return (pass); }
  else { unset req.http.Cookie; } /* nobody's */
}

sub vcl_synth {
  synthetic({"<html>
  <p>"} + resp.reason + {"</p>
</html>"});
  return (deliver);
  # nothing more
}
// the end
