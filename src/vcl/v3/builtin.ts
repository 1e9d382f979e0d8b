/**
 * What Varnish 3 does where a program says nothing, as far as later ones do something else: its subs' ends. They are
 * written in its own dialect, and translated with the program.
 */
import { VclSource } from '../source.ts';

const recv = `
sub vcl_recv {
  if (req.request != "GET" && req.request != "HEAD" && req.request != "PUT" && req.request != "POST" &&
      req.request != "TRACE" && req.request != "OPTIONS" && req.request != "DELETE") {
    return (pipe);
  }
  if (req.request != "GET" && req.request != "HEAD") { return (pass); }
  if (req.http.Authorization || req.http.Cookie) { return (pass); }
  return (lookup);
}
`;

/** Later versions do it before vcl_recv; a program that does it by itself would do it twice. */
const forwardedFor = `
sub vcl_recv {
  if (req.restarts == 0) {
    if (req.http.X-Forwarded-For) {
      set req.http.X-Forwarded-For = req.http.X-Forwarded-For + ", " + client.ip;
    } else {
      set req.http.X-Forwarded-For = client.ip;
    }
  }
}
`;

const fetch = `
sub vcl_fetch {
  if (beresp.ttl <= 0s || beresp.http.Set-Cookie || beresp.http.Vary == "*") {
    set beresp.ttl = 120s;
    return (hit_for_pass);
  }
  return (deliver);
}
`;

export const oldBuiltin = new VclSource('<builtin>', recv + fetch);
export const oldForwardedFor = new VclSource('<builtin>', forwardedFor);
