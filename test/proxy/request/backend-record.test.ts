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
