/**
 * The entry `troupe/testing`: property tests for XState machines, in simulated time, for any test runner; and what
 * belongs to `troupe prove`: invariants of one's own, and stories that it has written.
 */

export { type Finding, type Invariant, invariant, type Objection } from '../prove/invariant.ts';
export { type Replay, replayStory } from '../prove/replay.ts';
export type { AskRecord, HealthChange, ProbeRecord, RequestRecord, Run } from '../prove/run.ts';
export { SimulatedClock } from '../streams/simulated-clock.ts';
export {
  checkMachine,
  type MachineProperty,
  type MachineReport,
  type MomentCheck,
  type Observer,
  type TimedMachine,
} from './check-machine.ts';
export { Coverage, coverageTable, type Reached } from './coverage.ts';
export {
  type EventPlan,
  type Given,
  given,
  type MachinePlan,
  type PayloadOf,
  type PayloadPlan,
  type ReplyPlan,
} from './machine-plan.ts';
export { MachineInTime, type Moment, type PlannedAction, type Reply, type RunningActor } from './moment.ts';
export { shortestPaths } from './shortest-paths.ts';
export { tellStory } from './story.ts';
export { eventsOf, play, type Step, type Timeline, timelines } from './timeline.ts';
