/** A story as text for a terminal, and as a Mermaid sequence diagram. */
import type { Counterexample } from './prove.ts';
import { type StoryLine, storyOf } from './story.ts';

/** Columns of the actor, at most. */
const ACTOR_WIDTH = 12;

export function tellStory({ invariant, finding, run }: Counterexample): string {
  const lines = storyOf(run, finding);
  const width = Math.min(ACTOR_WIDTH, Math.max(...lines.map(({ actor }) => actor.length), 0));
  const told = lines.map((line) => `  ${time(line.at)}  ${line.actor.padEnd(width)}  ${sentence(line)}`);
  return [`Broken: ${invariant.name}`, '', ...told, '', `  ${time(finding.at)}  ${finding.message}`, ''].join(
    '\n',
  );
}

function sentence({ event, change, answer }: StoryLine): string {
  if (change !== undefined) return `${event}: ${change[0]} → ${change[1]}`;
  return answer === undefined ? event : `${event} → ${answer}`;
}

function time(ms: number): string {
  return `${(ms / 1_000).toFixed(3).padStart(8)} s`;
}

export function drawStory({ invariant, finding, run }: Counterexample): string {
  const lines = storyOf(run, finding);
  const actors = [...new Set(lines.flatMap(({ actor, to }) => (to === undefined ? [actor] : [actor, to])))];
  const ids = new Map(actors.map((actor, i) => [actor, `a${i}`]));
  const id = (actor: string) => ids.get(actor) ?? 'a0';
  const drawn = lines.flatMap(({ at, actor, event, to, change, answer }) => {
    const when = `${(at / 1_000).toFixed(1)} s`;
    if (to === undefined) {
      const what = change === undefined ? event : `${event}<br/>${change[0]} → ${change[1]}`;
      return [`  Note over ${id(actor)}: ${escaped(`${when}: ${what}`)}`];
    }
    return [
      `  ${id(actor)}->>${id(to)}: ${escaped(`${when}: ${event}`)}`,
      ...(answer === undefined ? [] : [`  ${id(to)}-->>${id(actor)}: ${escaped(answer)}`]),
    ];
  });
  const last =
    actors.length === 0
      ? []
      : [`  Note over ${id(actors[0] ?? '')}: ${escaped(`broken: ${invariant.name}`)}`];
  return [
    'sequenceDiagram',
    ...actors.map((actor) => `  participant ${id(actor)} as ${escaped(actor)}`),
    ...drawn,
    ...last,
    '',
  ].join('\n');
}

/** Mermaid ends a message at a semicolon, and a comment begins with two percent signs. */
function escaped(text: string): string {
  return text.replace(/#/g, '#35;').replace(/;/g, '#59;').replace(/%%/g, '#37;#37;').replace(/\n/g, ' ');
}
