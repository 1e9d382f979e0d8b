import { expect, test } from 'vitest';
import { BackendRecord } from '../../../src/proxy/request/backend-record.ts';

test('the average of answer times is the mean at first, and follows a change later', () => {
  const record = new BackendRecord();
  expect(record.averageAnswerMs).toBe(0);
  for (const ms of [10, 20, 60]) record.countAnswer(ms);
  expect(record.averageAnswerMs).toBeCloseTo(30);
  for (let i = 0; i < 200; i++) record.countAnswer(5);
  expect(record.averageAnswerMs).toBeCloseTo(5, 2);
  expect([record.answers, record.answerMs]).toEqual([203, 1_090]);
});

test('a copy does not change any more', () => {
  const record = new BackendRecord();
  record.begin();
  record.countFailure('backend.reset');
  const before = record.stats();
  record.begin(true);
  record.end();
  record.countFailure('backend.reset');
  expect(before).toMatchObject({ inFlight: 1, requests: 1, retries: 0, failures: { 'backend.reset': 1 } });
  expect(record.stats()).toMatchObject({
    inFlight: 1,
    requests: 2,
    retries: 1,
    failures: { 'backend.reset': 2 },
  });
});

test('times of answers are kept from when somebody wants to know, and a copy of them does not change', () => {
  const record = new BackendRecord();
  record.countAnswer(3);
  expect(record.stats().answerTimes).toBeUndefined();
  record.keepTimes();
  record.countAnswer(3);
  const before = record.stats().answerTimes;
  record.countAnswer(3);
  expect(before?.counts[before.boundsMs.indexOf(5)]).toBe(1);
  expect(before?.sumMs).toBe(3);
});
