/**
 * The manners of an HTTP proxy by RFC 9110: a field Via in both directions, and nothing that is about a connection
 * goes on. What a response is framed with is the listener's to write.
 */
import { addConditions, freshened } from '../cache/revalidation.ts';
import { Fields } from '../http/fields.ts';
import { notKept } from './backend-response.ts';
import { appendForwardedFor, appendVia } from './forwarded.ts';
import {
  dropConnectionOptions,
  dropResponseFraming,
  dropResponseHopByHop,
  endToEndRequest,
  pipedRequest,
  storedFields,
} from './hop-by-hop.ts';
import type { Manners } from './manners.ts';
import { StoredAnswer } from './stored-answer.ts';
import { phraseOf } from './synthetic.ts';

export const rfcManners: Manners = {
  kind: 'rfc',
  arrive(fields, address) {
    const namesUpgrade = dropConnectionOptions(fields);
    appendForwardedFor(fields, address);
    return namesUpgrade;
  },
  lookUp() {},
  ask({ http }, version) {
    const fields = endToEndRequest(http);
    appendVia(fields, version);
    return fields;
  },
  askPiped({ http }, version) {
    const fields = pipedRequest(http);
    appendVia(fields, version);
    fields.append('Connection', 'close');
    return fields;
  },
  attempt() {},
  receive: dropResponseHopByHop,
  accept() {},
  passedTerms: () => notKept,
  addConditions,
  freshened,
  stored(fields) {
    const kept = storedFields(fields);
    appendVia(kept, '1.1');
    return kept;
  },
  deliver({ http }, _req, { isStored, isMade, age }) {
    if (isMade) return;
    // What is stored has a Via. Transports do not say in which version they got the response; all speak 1.1.
    if (isStored) http.appendLegal('Age', String(age));
    else appendVia(http, '1.1');
  },
  storedHead: (object, _req, _hits, now) => new StoredAnswer(object, now),
  made: (date) => new Fields(['Date', date]),
  phrase: phraseOf,
  head(response, canCarryTrailers) {
    dropResponseFraming(response, canCarryTrailers);
    return response;
  },
};
