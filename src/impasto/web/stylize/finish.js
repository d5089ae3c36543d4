/** What is done to a picture once it is painted: forms and colours come back from its photo. Pictures change in place. */

import { rint, scaled } from "../images/arrays.js";
import { shown, toOklab } from "../images/color.js";
import { guidedFilter } from "../images/guided.js";
import { BILINEAR, resample } from "../images/resample.js";
import { recoloring } from "../styles/rows.js";
import { identityIn, shares } from "./regions.js";

const STRIP = 256;
/** Long side of the copies in which large forms are found. */
const SMALL = 512;
/** What is larger than this in such a copy is a form, what is smaller is brushwork. */
const FORM = 16;
/** Forms end where the photo's lightness has a larger standard deviation than this. */
const EDGE = 0.1;

const { fround } = Math;

/**
 * @param {import("../images/arrays.js").Picture} picture as it was painted
 * @param {import("../images/arrays.js").Picture} photo
 * @param {import("./regions.js").Regions} regions
 * @param {import("./plan.js").Controls} controls
 * @param {number} fold the network's space-to-depth factor
 */
export function finish(picture, photo, regions, controls, fold) {
  if (controls.detail) bringBackForms(picture, photo, regions, controls.detail, fold);
  if (controls.keep_color) keepColor(picture, photo);
  layOver(picture, photo, regions);
}

/** Lays the photo, in the colours of the styles, over the picture. */
export function bringBackForms(picture, photo, regions, detail, fold) {
  const tables = regions.styles.map((row) => recoloring(row, photo, fold));
  const share = fround(detail);
  for (const { window, start, count } of strips(picture)) {
    const planes = tables.length > 1 ? shares(regions, window) : null;
    for (let place = 0; place < count; place++) {
      for (let color = 0; color < 3; color++) {
        const at = start + place * 3 + color;
        const own = planes ? mixOf(tables, planes, color, photo.data[at], place, count) : tables[0][color][photo.data[at]];
        picture.data[at] = rint(fround(picture.data[at] + fround(share * fround(own - picture.data[at]))));
      }
    }
  }
}

function mixOf(tables, planes, color, value, place, count) {
  let sum = 0;
  for (let style = 0; style < tables.length; style++) sum = fround(sum + fround(planes[style * count + place] * tables[style][color][value]));
  return sum;
}

/** The identity style's skip: lays the photo over the picture by that style's share. */
export function layOver(picture, photo, regions) {
  if (!regions.identity.some(Boolean)) return;
  for (const { window, start, count } of strips(picture)) {
    const share = identityIn(regions, window);
    for (let place = 0, at = start; place < count; place++) {
      const own = share[share.length > 1 ? place : 0];
      for (let color = 0; color < 3; color++, at++) {
        picture.data[at] = rint(fround(picture.data[at] + fround(own * (photo.data[at] - picture.data[at]))));
      }
    }
  }
}

/** Gives the picture the colours of the photo and the lightness of its large forms. Brushwork keeps its lightness. */
export function keepColor(picture, photo) {
  const [kept, painted] = [photo, picture].map(small);
  const [guide, present] = [kept, painted].map(lightnessOf);
  const target = guide.map((value, place) => value - present[place]);
  const { slope, offset } = guidedFilter(guide, target, kept.width, FORM, EDGE ** 2);
  const [own, made] = [new Float64Array(3), new Float64Array(3)];
  const maps = [slope, offset].map((data) => ({ data, height: kept.height, width: kept.width, channels: 1 }));
  for (const { window, start, count } of strips(picture)) {
    const [slopes, offsets] = maps.map((map) => enlarged(map, picture, window));
    for (let place = 0, at = start; place < count; place++, at += 3) {
      toOklab(photo.data[at], photo.data[at + 1], photo.data[at + 2], own);
      toOklab(picture.data[at], picture.data[at + 1], picture.data[at + 2], made);
      const light = made[0] + slopes[place] * own[0] + offsets[place];
      shown(Math.min(1, Math.max(0, light)), own[1], own[2], made);
      for (let color = 0; color < 3; color++) picture.data[at + color] = rint(made[color] * 255);
    }
  }
}

const small = (picture) => (Math.max(picture.height, picture.width) > SMALL ? scaled(picture, { longer: SMALL }) : picture);

function lightnessOf({ data, height, width }) {
  const lab = new Float64Array(3);
  return Float32Array.from({ length: height * width }, (_, place) => {
    toOklab(data[3 * place], data[3 * place + 1], data[3 * place + 2], lab);
    return lab[0];
  });
}

/** A strip of a map, enlarged to the size of the picture. */
function enlarged(map, picture, { top, height }) {
  const scale = map.height / picture.height;
  return resample(map, height, picture.width, BILINEAR, [0, top * scale, map.width, (top + height) * scale]).data;
}

/** Strips of a picture: the window, where its values start, and how many pixels it has. */
function* strips({ height, width }) {
  for (let top = 0; top < height; top += STRIP) {
    const window = { top, left: 0, height: Math.min(STRIP, height - top), width };
    yield { window, start: top * width * 3, count: window.height * width };
  }
}
