// SPDX-License-Identifier: BSL-1.0
#include <lamina/error.hpp>
#include <lamina/execution/augment.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/io/pictures.hpp>

#include "commands.hpp"
#include "run_folder.hpp"

#include <algorithm>
#include <cstdio>

namespace lamina::cli {

namespace {

constexpr int draws = 9;     // beside each picture
constexpr int enlarged = 3;  // pixels of the sheet for one of a picture
constexpr int gap = 4;

using augmenter = execution::augmenter<float, kernels::native>;

/// One block of 16 lanes, of which the first shows a picture.
class workbench {
 public:
  workbench(const augment_plan& plan, const dataset& images)
      : plan_(plan),
        images_(images),
        augment_(plan, {images.height, images.width, images.channels}),
        size_(images.image_size() * kernels::lanes),
        source_(size_),
        partner_(size_),
        result_(size_),
        scratch_(augment_.scratch_of_a_block()) {}

  io::picture draw(std::uint64_t seed, int epoch, std::uint32_t sample) {
    execution::drawn_block drawn;
    drawn.lane[0] =
        draw_augmentation(plan_, seed, static_cast<std::uint64_t>(epoch), sample, images_.height,
                          images_.width, static_cast<std::uint32_t>(images_.size()));
    bring(sample, source_);
    bring(drawn.lane[0].partner, partner_);
    if (plan_.has(transform_kind::mixup)) augment_.mix(drawn, partner_.data(), source_.data());
    augment_.apply(drawn, source_.data(), scratch_.data(), result_.data());
    io::picture picture{images_.width, images_.height, {}};
    for (std::size_t i = 0; i < size_; i += kernels::lanes)
      picture.pixels.push_back(
          static_cast<std::uint8_t>(std::clamp(result_.data()[i] * 255 + 0.5f, 0.0f, 255.0f)));
    return picture;
  }

 private:
  void bring(std::uint32_t sample, execution::buffer<float>& to) const {
    const auto pixels = images_.image(sample).pixels;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      to.data()[i * kernels::lanes] = static_cast<float>(pixels[i]) / 255;
  }

  const augment_plan& plan_;
  const dataset& images_;
  augmenter augment_;
  std::size_t size_;
  execution::buffer<float> source_, partner_, result_, scratch_;
};

/// A picture among others, enlarged, its upper left corner at (x, y).
void paste(const io::picture& from, int x, int y, io::picture& sheet) {
  for (int row = 0; row < from.height * enlarged; ++row)
    for (int column = 0; column < from.width * enlarged; ++column)
      sheet.pixels[static_cast<std::size_t>(y + row) * static_cast<std::size_t>(sheet.width) +
                   static_cast<std::size_t>(x + column)] =
          from.pixels[static_cast<std::size_t>(row / enlarged * from.width + column / enlarged)];
}

io::picture sheet_of(const augment_plan& plan, const dataset& images, std::uint64_t seed,
                     int samples) {
  const int tile_width = images.width * enlarged + gap,
            tile_height = images.height * enlarged + gap;
  io::picture sheet{(draws + 1) * tile_width + 2 * gap, samples * tile_height + gap, {}};
  sheet.pixels.assign(
      static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height), 255);
  workbench bench(plan, images);
  for (int i = 0; i < samples; ++i) {
    const auto sample = static_cast<std::uint32_t>(i);
    const auto pixels = images.image(sample).pixels;
    const int y = gap + i * tile_height;
    paste({images.width, images.height, {pixels.begin(), pixels.end()}}, gap, y, sheet);
    for (int epoch = 1; epoch <= draws; ++epoch)
      paste(bench.draw(seed, epoch, sample), 2 * gap + epoch * tile_width, y, sheet);
  }
  return sheet;
}

}  // namespace

void augment(const model_registry& models, const augment_words& words) {
  const auto& [type, options] = models.at(words.model);
  const auto& plan = words.course ? options.course_augmentation : options.augmentation;
  if (plan.empty())
    throw error(words.model + ": expected a model with an augmentation policy, found none");
  const auto train = options.data(words.data).train;
  expect_images_for(type->describe(1), words.model, train);
  if (train.channels != 1)
    throw error(words.model + ": expected grey images to draw, found " +
                std::to_string(train.channels) + " channels");
  const int samples = static_cast<int>(
      std::min<std::size_t>(static_cast<std::size_t>(words.samples), train.size()));
  io::write_png(words.out, sheet_of(plan, train, words.seed, samples));
  std::printf("%s: %d training images, each with %d draws\n", words.out.c_str(), samples, draws);
}

}  // namespace lamina::cli
