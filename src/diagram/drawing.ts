/** A figure with places: what an SVG is written from, and what the geometric tests look at. All in whole pixels. */
import type { Arrow, Box, Figure } from './figure.ts';
import type { TextBlock } from './measure.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rectangle extends Point {
  readonly width: number;
  readonly height: number;
}

export interface PlacedText extends Rectangle {
  readonly block: TextBlock;
}

export interface PlacedBox extends Rectangle {
  readonly box: Box;
  readonly text: PlacedText;
}

export interface PlacedArrow {
  readonly arrow: Arrow;
  /** From border to border; each stretch is horizontal or vertical. */
  readonly points: readonly Point[];
  readonly label: PlacedText | undefined;
}

export interface Drawing {
  readonly figure: Figure;
  readonly width: number;
  readonly height: number;
  /** Outer ones first. */
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly PlacedArrow[];
}
