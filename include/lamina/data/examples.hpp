// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/error.hpp>
#include <lamina/text.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lamina {

/// One image, (y, x, channel): bytes from 0 to 255, read as byte / 255, or values read as they are.
/// One of the two spans is empty. The network gets factor x + offset for each value x.
struct image_view {
  std::span<const std::uint8_t> pixels = {};
  std::span<const float> values = {};
  float factor = 1, offset = 0;
};

/// Images and what is to be learnt from them: a view of memory that the program owns.
struct examples {
  std::size_t image_size = 0;                 ///< values of one image, height * width * channels
  std::span<const std::uint8_t> pixels = {};  ///< (image, y, x, channel), read as byte / 255
  std::span<const float> values = {};         ///< (image, y, x, channel), read as they are
  std::span<const std::uint8_t> labels = {};  ///< (image), the class of each; empty where unknown
  std::span<const float> targets = {};  ///< (image, target), for a regression; empty elsewhere
  std::size_t target_size = 0;          ///< values of one target
  /// The network gets factor x + offset for each value x, after augmentation.
  float factor = 1, offset = 0;

  /// Images of bytes; throws lamina::error if a size does not fit. No labels: what to predict.
  static examples of(std::span<const std::uint8_t> pixels, std::size_t image_size,
                     std::span<const std::uint8_t> labels = {});

  /// Images of values that are read as they are, otherwise the same.
  static examples of(std::span<const float> values, std::size_t image_size,
                     std::span<const std::uint8_t> labels = {});

  /// Images with `target_size` values to be learnt for each.
  static examples of(std::span<const float> values, std::size_t image_size,
                     std::span<const float> targets, std::size_t target_size);

  /// Number of images.
  std::size_t size() const {
    return image_size == 0 ? 0 : (pixels.size() + values.size()) / image_size;
  }

  image_view image(std::size_t i) const {
    return {pixels.empty() ? pixels : pixels.subspan(i * image_size, image_size),
            values.empty() ? values : values.subspan(i * image_size, image_size), factor, offset};
  }

  /// The images `first` to `first + count`; throws lamina::error if there are fewer.
  examples subset(std::size_t first, std::size_t count) const;
};

/// Some of the images: the ones that `order` names from `first` on; without an order the ones at
/// `first`, `first` + 1, …
struct selection {
  examples from;
  std::span<const std::uint32_t> order = {};
  std::size_t first = 0;

  /// The number in `from` of the i-th of them.
  std::size_t number(std::size_t i) const { return order.empty() ? first + i : order[first + i]; }
};

/// Images of bytes with labels, in memory of its own.
struct dataset {
  std::vector<std::uint8_t> pixels = {};  ///< (image, y, x, channel)
  std::vector<std::uint8_t> labels = {};  ///< (image)
  int height = 0, width = 0, channels = 0;
  int classes = 0;
  float factor = 1, offset = 0;  ///< as in `examples`

  std::size_t image_size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }
  std::size_t size() const { return labels.size(); }
  examples view() const {
    return {.image_size = image_size(),
            .pixels = pixels,
            .labels = labels,
            .factor = factor,
            .offset = offset};
  }
  operator examples() const { return view(); }
  image_view image(std::size_t i) const { return view().image(i); }
  int label(std::size_t i) const { return labels[i]; }
};

/// What a data set of the library consists of; `labels` are the names of the classes.
struct labelled_data {
  dataset train, test;
  std::vector<std::string> labels = {};
};

namespace detail {

inline std::size_t whole_images(std::size_t values, std::size_t image_size) {
  if (image_size == 0) throw error("examples: expected an image size of at least 1, found 0");
  if (values % image_size != 0)
    throw error(joined("examples: expected a multiple of ", image_size,
                       " values, one image after the other, found ", values));
  return values / image_size;
}

inline void one_for_each(std::string_view what, std::size_t found, std::size_t images) {
  if (found != images)
    throw error(
        joined("examples: expected ", images, ' ', what, ", one for each image, found ", found));
}

}  // namespace detail

inline examples examples::of(std::span<const std::uint8_t> pixels, std::size_t image_size,
                             std::span<const std::uint8_t> labels) {
  const auto images = detail::whole_images(pixels.size(), image_size);
  if (!labels.empty()) detail::one_for_each("labels", labels.size(), images);
  return {.image_size = image_size, .pixels = pixels, .labels = labels};
}

inline examples examples::of(std::span<const float> values, std::size_t image_size,
                             std::span<const std::uint8_t> labels) {
  const auto images = detail::whole_images(values.size(), image_size);
  if (!labels.empty()) detail::one_for_each("labels", labels.size(), images);
  return {.image_size = image_size, .values = values, .labels = labels};
}

inline examples examples::of(std::span<const float> values, std::size_t image_size,
                             std::span<const float> targets, std::size_t target_size) {
  const auto images = detail::whole_images(values.size(), image_size);
  detail::one_for_each("targets", detail::whole_images(targets.size(), target_size), images);
  return {
      .image_size = image_size, .values = values, .targets = targets, .target_size = target_size};
}

inline examples examples::subset(std::size_t first, std::size_t count) const {
  if (first > size() || count > size() - first)
    throw error(detail::joined("examples: expected a part of ", size(), " images, found ", count,
                               " from ", first));
  const auto part = [&](auto all, std::size_t each) {
    return all.empty() ? all : all.subspan(first * each, count * each);
  };
  return {.image_size = image_size,
          .pixels = part(pixels, image_size),
          .values = part(values, image_size),
          .labels = part(labels, 1),
          .targets = part(targets, target_size),
          .target_size = target_size,
          .factor = factor,
          .offset = offset};
}

}  // namespace lamina
