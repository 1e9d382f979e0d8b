/**
 * Topics: what an actor can follow without knowing who will speak. A backend's health is spoken of under its
 * identity, that of a director or saintmode object under its config and name.
 */
import type { ConfigKey } from '../config-key.ts';

export function targetTopic(config: ConfigKey, name: string): string {
  return `${config}/${name}`;
}
