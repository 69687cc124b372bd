import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadLine, type DumpReader } from '../../src/database/dump.ts'
import { MysqlDump } from '../../src/database/dump-mysql.ts'
import { PostgresDump } from '../../src/database/dump-postgres.ts'

/** What goes on to the client, in parts of the given length; or why not. */
const through = (reader: DumpReader, text: string | Buffer, length = 7): string => {
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  try {
    for (let i = 0; i < bytes.length; i += length) out.push(...reader.pass(bytes.subarray(i, i + length)))
    out.push(...reader.end())
    return Buffer.concat(out).toString()
  } catch (error) {
    if (error instanceof BadLine) return `no: ${error.message}`
    throw error
  }
}
const psql = (text: string | Buffer, alone = false, length?: number): string => through(new PostgresDump(alone), text, length)
const mysql = (text: string, database = 'shop'): string => through(new MysqlDump(database), text)

describe('a dump for psql', () => {
  it.each([
    ['\\! id > f', 'line 1 has a command of psql: \\! id > f'],
    ['SELECT 1;\nSELECT 2 \\! id', 'line 2 has a command of psql: \\! id'],
    ['SELECT 1\\; SELECT 2;', 'line 1 has a command of psql: \\; SELECT 2;'],
    ['\n\n\\copy t from program $$id$$', 'line 3 has a command of psql'],
    ['\\o | id\n', 'line 1 has a command of psql'],
    ['\\connect blog\n', 'line 1 has a command of psql: \\connect blog'],
    ['\\restrict abc; \\! id\n', 'line 1 has a command of psql'],
    ['SELECT \\restrict abc\n', 'line 1 has a command of psql'],
    ['-- a comment\r\\! id', 'has a command of psql'],
    ["SELECT 'it''s'; \\! id", 'line 1 has a command of psql'],
    ["SELECT E'\\''; \\! id", 'line 1 has a command of psql: \\! id'],
    ["SELECT E'a'\n  -- so it goes on\n '\\' \\! not yet'; \\! id", 'line 3 has a command of psql: \\! id'],
    ["SELECT name'\\'; \\! id", 'line 1 has a command of psql: \\! id'],
    ['/* /* */ \\! in it */ \\! id', 'line 1 has a command of psql: \\! id'],
    ['SELECT $a$ $b$ \\! in it $a$; \\! id', 'line 1 has a command of psql: \\! id'],
    ['SELECT a$b$; \\! id -- $b$', 'line 1 has a command of psql: \\! id -- $b$'],
    ['SELECT $1$b$; \\! in it $b$ \\! id', 'line 1 has a command of psql: \\! id'],
    ['SELECT ";" "a""b" \\! id', 'line 1 has a command of psql: \\! id'],
    ['() CREATE FUNCTION f() BEGIN; COPY t FROM stdin;\n\\! id', 'line 2 has a command of psql: \\! id'],
    ["E'' CREATE FUNCTION f() BEGIN; COPY t FROM stdin;\n\\! id", 'line 2 has a command of psql: \\! id'],
    ['COPY (SELECT a FROM stdin) TO STDOUT;\n\\! id', 'line 2 has a command of psql: \\! id'],
    ['COPY t FROM $$f$$ WHERE a IS DISTINCT FROM stdin;\n\\! id', 'line 2 has a command of psql: \\! id'],
    ['COPY t (a, b) FROM stdin;\n1\t\\! no\n\\.\n\\! id', 'line 4 has a command of psql: \\! id'],
    ['COPY t FROM stdin; \\! id\n', 'line 1 goes on after a COPY: \\! id'],
    ['COPY t FROM stdin;\nx\n\\.\r\n\\! id', 'line 4 has a command of psql: \\! id'],
    ['SELECT 1;\0 SELECT 2', 'line 1 holds a zero byte'],
  ])('does not hold %j', (text, why) => {
    for (const length of [1, 7, 10_000]) expect(psql(text, false, length)).toContain(`no: ${why}`.replace('no: has', ' has'))
  })

  it.each([
    ['ROLLBACK;', 'line 1 ends the transaction: ROLLBACK'],
    ['SELECT 1; abort work;', 'line 1 ends the transaction: abort work'],
    ['COMMIT PREPARED $$x$$;', 'line 1 ends the transaction: COMMIT PREPARED'],
    ["PREPARE TRANSACTION 'x';", 'line 1 ends the transaction: PREPARE TRANSACTION'],
    ["PREPARE /* x */ TRANSACTION 'x';", 'line 1 ends the transaction: PREPARE'],
    ['COMMIT /* x */;', 'line 1 ends the transaction: COMMIT'],
    ['\n/* x */ COMMIT AND CHAIN\n-- x\n;', 'line 2 ends the transaction: COMMIT AND CHAIN'],
    [
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN 2 END; END; ROLLBACK;',
      'line 1 ends the transaction: ROLLBACK',
    ],
    ['(SELECT 1)); ROLLBACK;', 'line 1 ends the transaction: ROLLBACK'],
  ])('does not hold %j, which ends the one transaction', (text, why) => {
    for (const length of [1, 7, 10_000]) expect(psql(text, false, length)).toBe(`no: ${why}`)
  })

  it.each([
    ['BEGIN;\nSELECT 1;\nCOMMIT;\n', '\nSELECT 1;\n\n'],
    ['begin transaction isolation level serializable, read only;SELECT 1;end', 'SELECT 1;'],
    ['START\nTRANSACTION;SELECT 1; commit and chain;', '\nSELECT 1; '],
    ['\\restrict aB3\n\nSELECT 1;\n\\unrestrict aB3\n', '\n\nSELECT 1;\n\n'],
    ['\ufeffBEGIN;SELECT 1;', 'SELECT 1;'],
  ])('loses what says how it is to be run: %j', (text, rest) => {
    for (const length of [1, 7, 10_000]) expect(psql(text, false, length)).toBe(rest)
  })

  it.each([
    "SELECT 'C:\\dir\\'; SELECT '\\! id';",
    'COPY public.item (id, note) FROM stdin;\n1\t\\N\n2\t\\! id\n3\t\\.x\nROLLBACK;\n\\.\n\nSELECT 1;\n',
    'COPY t FROM STDIN WITH (FORMAT csv);\n"it\'s $$"\n\\.\nSELECT 1;',
    'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC\n INSERT INTO t VALUES (1); SELECT CASE 1 WHEN 1 THEN 2 END;\nEND;\nSELECT 1;',
    'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $_$\nBEGIN\n  ROLLBACK; \\! id\nEND;\n$_$;\n',
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; COMMIT);',
    'SAVEPOINT a; ROLLBACK TO a; rollback work to savepoint "a;b"; RELEASE a;',
    'PREPARE q AS SELECT \';\'; EXECUTE q; prepare "transaction" AS SELECT 1;',
    'SELECT begin, commit FROM t; UPDATE t SET rollback = 1;',
    "-- it's a comment with $$ and \\! id\n/* and ' one */ SELECT 1;",
    "SELECT U&'d\\0061t', E'a\\\\', B'1', 'ä\\ß';",
    'COPY t FROM stdin;\nno end',
    '--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n--',
  ])('passes byte for byte: %j', (text) => {
    for (const length of [1, 7, 10_000]) expect(psql(text, false, length)).toBe(text)
  })

  it('is read the same in parts of any length', () => {
    const bits = [
      "'",
      '"',
      '$',
      '$a$',
      '\\',
      '\\.',
      '\n',
      ' ',
      ';',
      'E',
      '--',
      '/*',
      '*/',
      '(',
      ')',
      'COPY t FROM stdin',
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      '\\restrict x',
      'a',
      '\r',
      'CREATE FUNCTION',
      'END',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (words, length) => {
        const text = words.join(' ')
        expect(psql(text, false, length)).toBe(psql(text, false, 10_000))
        expect(psql(words.join(''), false, length)).toBe(psql(words.join(''), false, 10_000))
      }),
      { numRuns: 300 },
    )
  })

  it('loses nothing but what it cuts', () => {
    const bits = [
      "'",
      '"',
      '$',
      '$a$',
      '\n',
      ' ',
      ';',
      'E',
      '--',
      '/*',
      '*/',
      '(',
      ')',
      'COPY t FROM stdin',
      'a',
      'CREATE FUNCTION',
      'END',
      'é',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (words, length) => {
        const text = `SELECT${words.join('').replaceAll('END', 'x END')}`
        const passed = psql(text, false, length)
        fc.pre(!passed.startsWith('no: '))
        expect(passed).toBe(text)
        expect(through(new MysqlDump('shop'), text, length)).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('holds no more of it than a part', () => {
    const reader = new PostgresDump(false)
    const part = Buffer.from(`${'x'.repeat(1 << 16)}\n`)
    let passed = 0
    const count = (bytes: Buffer[]): void => {
      passed += bytes.reduce((n, one) => n + one.length, 0)
    }
    for (const text of ['COPY t FROM stdin;\n', "\\.\nSELECT '", "'; SELECT $$", '$$; /*', '*/ SELECT "', '", ', '']) {
      count(reader.pass(Buffer.from(text)))
      for (let i = 0; i < 3; i++) {
        const before = passed
        count(reader.pass(part))
        expect(passed - before).toBeGreaterThan(part.length - 1100)
      }
    }
  })

  it('where nothing else stops commands, is not one that can be read in two ways', () => {
    expect(psql("SET standard_conforming_strings = off;\nSELECT '\\' \\! id '", true)).toContain(
      'no: line 2 has a text that ends with a backslash',
    )
    expect(psql('1a create function f() begin; COPY t FROM stdin;\n\\! id', true)).toContain(
      'no: line 1 has a function with a body',
    )
    expect(psql("SELECT 'a\\b';", true)).toBe("SELECT 'a\\b';")
  })
})

describe('a dump for mysql', () => {
  it.each([
    'USE blog;',
    'SELECT 1; use `blog`;',
    '/*!40000 USE blog */;',
    "SELECT 'a\\'; USE shop;'; use blog;",
    'DELIMITER ;;\nSELECT 1; USE shop;;\nUSE blog;;',
    '-- x\nUSE\tblog;',
    "# it's\nUSE blog;",
    'USE `shop``s`;',
  ])('does not go to another database: %j', (text) => {
    expect(mysql(text)).toMatch(/^no: line \d goes to another database: use/i)
  })
  it.each([
    'USE `shop`; INSERT INTO `use` VALUES (1);',
    'INSERT INTO t VALUES (\'; USE blog;\', "; USE blog;"); -- ; USE blog;\n',
    'DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; USE blog; END $$\nDELIMITER ;\nSELECT 1;',
    '/* ; USE blog; */ SELECT 1; SELECT 2 -- USE\n;',
    "INSERT INTO t VALUES ('\\\\'); SELECT 1--1;",
    '--\n-- MySQL dump\n--\n#\nSELECT 1;',
  ])('passes byte for byte: %j', (text) => {
    expect(mysql(text)).toBe(text)
  })
})
