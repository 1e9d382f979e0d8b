/**
 * A figure: what is to be drawn, before anything has a size or a place. Charts of machines, the topology and configs
 * all become one of these, so that they look alike.
 */

/** What a line of text is; svg-style.ts says how each looks, text-width.ts how much room it takes. */
export type TextStyle = 'title' | 'name' | 'text' | 'event' | 'guard';

export interface Phrase {
  readonly text: string;
  readonly style: TextStyle;
  /** What sets it apart from the phrase before: some room, or a line across the box. */
  readonly apart?: 'gap' | 'rule';
}

/**
 * frame: the machine; group, region: states with states inside, and one of several that are active together;
 * start: the dot from which the initial state is entered; actor, service: who speaks and listens in the topology.
 */
export type Shape =
  | 'frame'
  | 'group'
  | 'region'
  | 'state'
  | 'final'
  | 'start'
  | 'history'
  | 'actor'
  | 'service'
  | 'backend'
  | 'director'
  | 'saintmode'
  | 'peer'
  | 'note';

export interface Box {
  /** Unique within the figure. */
  readonly id: string;
  readonly shape: Shape;
  readonly words: readonly Phrase[];
  readonly boxes: readonly Box[];
  /** In one sentence, for who cannot see it and for who points at it. */
  readonly says: string;
}

export interface Arrow {
  /** Of boxes. One that leads to a box around or inside its origin starts or ends inside of the outer one's border. */
  readonly from: string;
  readonly to: string;
  readonly words: readonly Phrase[];
  readonly line: 'solid' | 'dashed';
  /** Default: at its end alone. */
  readonly heads?: 'both';
  readonly says: string;
}

export interface Figure {
  /** A name that can be part of an id in SVG. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}
