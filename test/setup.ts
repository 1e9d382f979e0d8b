/** For every test file: a `maxLength` means what it says (fast-check makes ten elements at most unless told). */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });
