/** The programs that are measured. */

/** @param {number} count of backends, each with a probe and a place in a director */
export function programWithBackends(count) {
  const backends = Array.from(
    { length: count },
    (_, i) => `backend b${i} {
  .host = "10.${i >> 16}.${(i >> 8) & 255}.${i & 255}";
  .port = "8080";
  .connect_timeout = 1s;
  .first_byte_timeout = 30s;
  .probe = health;
}
`,
  );
  const members = Array.from({ length: count }, (_, i) => `  d.add_backend(b${i});\n`);
  return `vcl 4.1;
import directors;
probe health { .url = "/health"; .interval = 5s; .timeout = 1s; .window = 8; .threshold = 3; }
${backends.join('')}
sub vcl_init {
  new d = directors.round_robin();
${members.join('')}}
sub vcl_recv { set req.backend_hint = d.backend(); }
`;
}

/** recv and deliver as programs have them, of 20 statements each; what is in branches counts, taken or not. */
export const programOfTwenty = `vcl 4.1;
import std;
backend default { .host = "127.0.0.1"; .port = "8080"; }
acl inside { "10.0.0.0"/8; "127.0.0.1"; }
sub vcl_recv {
  unset req.http.Proxy;
  set req.http.X-Forwarded-Proto = "https";
  if (req.method == "PURGE") { return (synth(405)); }
  if (req.url ~ "^/admin" && client.ip !~ inside) { return (synth(403)); }
  if (req.http.Upgrade ~ "(?i)websocket") { return (pipe); }
  if (req.url ~ "\\.(?:css|js|png|jpg|svg|woff2)(?:\\?|$)") { unset req.http.Cookie; }
  set req.url = regsub(req.url, "#.*$", "");
  if (req.http.Cookie) { set req.http.X-Session = regsub(req.http.Cookie, "^.*session=([^;]*).*$", "\\1"); }
  if (req.http.User-Agent ~ "(?i)mobile|android") { set req.http.X-Device = "mobile"; } else { set req.http.X-Device = "desktop"; }
  if (req.http.Host == "www.example.com") { set req.http.Host = "example.com"; }
  set req.http.X-Language = std.tolower(req.http.Accept-Language);
  unset req.http.Accept-Language;
  return (hash);
}
sub vcl_deliver {
  unset resp.http.Via;
  unset resp.http.X-Varnish;
  unset resp.http.Server;
  unset resp.http.X-Powered-By;
  if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; }
  set resp.http.X-Cache-Hits = obj.hits;
  set resp.http.Strict-Transport-Security = "max-age=31536000";
  set resp.http.X-Content-Type-Options = "nosniff";
  set resp.http.X-Frame-Options = "DENY";
  if (resp.http.Content-Type ~ "^text/html") { set resp.http.Cache-Control = "no-cache"; }
  if (req.http.X-Device) { set resp.http.X-Device = req.http.X-Device; }
  if (resp.status == 404) { set resp.http.X-Missing = req.url; }
  if (req.restarts > 0) { set resp.http.X-Restarts = req.restarts; }
  set resp.http.X-Served = "by " + req.http.Host;
  return (deliver);
}
`;
