// The words of the query languages, for colour and completion.

const cosmosKeywords =
  'select distinct top value from in join where order by group asc desc offset limit and or not between like escape exists array as is null undefined true false rank'
const cosmosFunctions =
  'abs acos array_concat array_contains array_contains_all array_contains_any array_length array_slice asin atan atn2 avg ceiling choose concat contains cos cot count datetimeadd datetimebin datetimediff datetimefromparts datetimepart datetimetoticks datetimetotimestamp degrees documentid endswith exp floor fulltextcontains fulltextcontainsall fulltextcontainsany fulltextscore getcurrentdatetime getcurrentticks getcurrenttimestamp iif index_of intadd intbitand intbitleftshift intbitnot intbitor intbitrightshift intbitxor intdiv intmod intmul intsub is_array is_bool is_defined is_finite_number is_integer is_null is_number is_object is_primitive is_string left length log log10 lower ltrim max min numberbin objecttoarray pi power radians rand regexmatch replace replicate reverse right round rrf rtrim setdifference setintersect setunion sign sin sqrt square st_area st_distance st_intersects st_isvalid st_isvaliddetailed st_within startswith stringequals stringjoin stringsplit stringtoarray stringtoboolean stringtonull stringtonumber stringtoobject substring sum tan tickstodatetime timestamptodatetime tostring trim trunc upper vectordistance'
const streamKeywords =
  'select into from join left outer inner on where group by having with as and or not in like between is null case when then else end over partition timestamp union cross apply distinct top order asc desc create table limit duration last first input output'
const streamFunctions =
  'tumblingwindow hoppingwindow slidingwindow sessionwindow snapshotwindow windows window collect collecttop count sum avg min max stdev stdevp var varp percentile_cont percentile_disc topone lag last isfirst cast try_cast concat substring upper lower trim len patindex charindex regexmatch replace dateadd datediff datename datepart day month year datetimefromparts abs ceiling floor round power sqrt square sign exp getarrayelement getarrayelements getarraylength getrecordproperties getrecordpropertyvalue gettype createpoint createpolygon createlinestring st_distance st_intersects st_overlaps st_within anomalydetection_spikeanddip anomalydetection_changepoint system.timestamp bigint float nvarchar bit datetime record any max coalesce nullif iif isnull'
const kqlKeywords =
  'where project extend summarize by take limit top sort order asc desc join kind on union let count distinct parse with as in has contains startswith endswith matches regex and or not between render make-series mv-expand evaluate search find project-away project-rename project-reorder nulls first last true false null'
const kqlFunctions =
  'ago now bin floor count countif sum sumif avg avgif min max dcount percentile percentiles stdev variance arg_max arg_min make_list make_set tostring toint tolong todouble todatetime totimespan tobool parse_json strcat strlen split substring replace_string replace_regex extract extract_all tolower toupper trim iff iif case coalesce isempty isnotempty isnull isnotnull startofday startofhour endofday datetime_diff datetime_add format_datetime datetime timespan dynamic array_length bag_keys series_stats row_number prev next rand'

const list = (text: string) => text.split(' ')

export interface Words {
  keywords: string[]
  functions: string[]
}

export const languageWords: Record<'cosmos-sql' | 'stream-sql' | 'kql', Words> = {
  'cosmos-sql': { keywords: list(cosmosKeywords), functions: list(cosmosFunctions) },
  'stream-sql': { keywords: list(streamKeywords), functions: list(streamFunctions) },
  kql: { keywords: list(kqlKeywords), functions: list(kqlFunctions) },
}
