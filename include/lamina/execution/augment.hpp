// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <lamina/augment/draw.hpp>
#include <lamina/augment/plan.hpp>
#include <lamina/error.hpp>
#include <lamina/kernels/picture.hpp>
#include <lamina/kernels/resample.hpp>

namespace lamina::execution {

/// What the 16 pictures of a block go through.
struct drawn_block {
  drawn_augmentation lane[kernels::lanes] = {};
};

/// A plan applied to blocks of pictures, (channel, y, x, lane), with values from 0 to 1.
template <class T, class Arch>
class augmenter {
 public:
  augmenter(const augment_plan& plan, kernels::image_extents extents)
      : plan_(plan), extents_(extents) {}

  /// Values that `apply` needs beside its source and its result.
  std::size_t scratch_of_a_block() const {
    return plan_.has(transform_kind::elastic) ? 3 * plane() : 0;
  }

  /// Blends other pictures into the block, before anything else happens to it.
  void mix(const drawn_block& drawn, const T* partners, T* block) const {
    alignas(64) T shares[lanes];
    each_lane(shares, drawn, [](const drawn_augmentation& d) { return d.share; });
    kernels::blend<Arch>(values(), shares, partners, block);
  }

  /// Takes the pictures of `source`, and leaves what became of them in `to`.
  void apply(const drawn_block& drawn, const T* source, T* scratch, T* to) const {
    if (plan_.resamples()) {
      resample(drawn, source, elastic(drawn, scratch), to);
    } else {
      std::copy_n(source, std::ptrdiff_t{values()} * lanes, to);
    }
    for (const augment_step& step : plan_) change_values(step, drawn, to);
  }

 private:
  static constexpr int lanes = kernels::lanes;

  int pixels() const { return extents_.height * extents_.width; }
  int values() const { return pixels() * extents_.channels; }
  std::size_t plane() const { return static_cast<std::size_t>(pixels()) * lanes; }

  template <class To, class Amount>
  static void each_lane(To* to, const drawn_block& drawn, Amount amount) {
    for (int l = 0; l < lanes; ++l) to[l] = static_cast<To>(amount(drawn.lane[l]));
  }

  /// The displacement of each pixel, or null.
  const T* elastic(const drawn_block& drawn, T* scratch) const {
    const augment_step* how = plan_.find(transform_kind::elastic);
    if (how == nullptr) return nullptr;
    std::uint32_t keys[lanes];
    each_lane(keys, drawn, [](const drawn_augmentation& d) { return d.elastic_key; });
    for (std::size_t side = 0; side < 2; ++side) {
      T* plane_of_side = scratch + side * plane();
      kernels::elastic_noise<Arch>(
          pixels(), keys, static_cast<std::uint32_t>(side) * static_cast<std::uint32_t>(pixels()),
          plane_of_side);
      kernels::elastic_smooth<Arch>(extents_, {how->first, how->second}, plane_of_side,
                                    scratch + 2 * plane());
    }
    return scratch;
  }

  /// The maps with their origin in the first pixel instead of the picture's centre.
  kernels::affine_lanes<T> maps(const drawn_block& drawn) const {
    const double row = (extents_.height - 1) / 2.0, column = (extents_.width - 1) / 2.0;
    kernels::affine_lanes<T> map;
    for (int l = 0; l < lanes; ++l) {
      const affine_map& m = drawn.lane[l].map;
      map.row_row[l] = static_cast<T>(m.row_row);
      map.row_column[l] = static_cast<T>(m.row_column);
      map.column_row[l] = static_cast<T>(m.column_row);
      map.column_column[l] = static_cast<T>(m.column_column);
      map.row_origin[l] =
          static_cast<T>(row - m.row_row * row - m.row_column * column + m.row_offset);
      map.column_origin[l] =
          static_cast<T>(column - m.column_row * row - m.column_column * column + m.column_offset);
    }
    return map;
  }

  void resample(const drawn_block& drawn, const T* source, const T* displacement, T* to) const {
    const auto map = maps(drawn);
    const auto with = [&](auto beyond) {
      kernels::resample<Arch>(beyond, extents_, static_cast<T>(plan_.fill_value), map, displacement,
                              source, to);
    };
    switch (plan_.fill) {
      case fill_mode::nearest:
        return with(kernels::beyond::nearest{});
      case fill_mode::constant:
        return with(kernels::beyond::constant{});
      case fill_mode::reflect:
        return with(kernels::beyond::reflect{});
      case fill_mode::wrap:
        return with(kernels::beyond::wrap{});
    }
  }

  void change_values(const augment_step& step, const drawn_block& drawn, T* to) const {
    alignas(64) T amounts[lanes];
    if (step.kind == transform_kind::brightness) {
      each_lane(amounts, drawn, [](const drawn_augmentation& d) { return d.brightness; });
      kernels::brighten<Arch>(values(), amounts, to);
    } else if (step.kind == transform_kind::contrast) {
      each_lane(amounts, drawn, [](const drawn_augmentation& d) { return d.contrast; });
      kernels::stretch<Arch>(values(), amounts, to);
    } else if (step.kind == transform_kind::cutout) {
      int rows[lanes], columns[lanes];
      each_lane(rows, drawn, [](const drawn_augmentation& d) { return d.cutout_row; });
      each_lane(columns, drawn, [](const drawn_augmentation& d) { return d.cutout_column; });
      kernels::cut_out<Arch>(extents_, static_cast<int>(step.first), rows, columns, to);
    }
  }

  augment_plan plan_;
  kernels::image_extents extents_;
};

/// Throws `error` where a plan is for pictures and the network's input, of this rank, is none.
inline void check_augmentation(const augment_plan& plan, int rank) {
  if (rank != 3 && (plan.resamples() || plan.has(transform_kind::cutout)))
    throw error(
        "augmentation: expected a network whose input has height, width and channels, "
        "found a flat one");
}

}  // namespace lamina::execution
